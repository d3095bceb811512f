// A server on the second line of the SDK for Node: `second.mjs stdio [reject] | http PORT [reject] [json | sse] |
// sessions PORT`. `reject`: the era without a handshake only. Its tools come on two pages.
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import { Server, createMcpHandler } from '@modelcontextprotocol/server';

const [transport, ...rest] = process.argv.slice(2);
const legacy = rest.includes('reject') ? 'reject' : undefined;
const inputSchema = { type: 'object', properties: { text: { type: 'string', description: 'what to say' } } };

function server() {
    const capabilities = { tools: {}, prompts: {}, resources: {} };
    const made = new Server({ name: 'conformance', version: '1.2.3' }, { capabilities, instructions: 'Be careful.' });
    made.setRequestHandler('tools/list', request => request.params?.cursor === 'next'
        ? { tools: [{ name: 'third', description: 'the third', inputSchema }] }
        : { tools: ['first', 'second'].map(name => ({ name, description: `the ${name}`, inputSchema })), nextCursor: 'next' });
    made.setRequestHandler('prompts/list', () => ({ prompts: [{ name: 'ask', description: 'asks' }] }));
    made.setRequestHandler('resources/list', () => ({ resources: [{ uri: 'test://one', name: 'one' }] }));
    made.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: [{ uriTemplate: 'test://{id}', name: 'any' }] }));
    return made;
}

if (transport === 'stdio') {
    const { serveStdio } = await import('@modelcontextprotocol/server/stdio');
    serveStdio(server, { legacy });
} else if (transport === 'http') {
    const { toNodeHandler } = await import('@modelcontextprotocol/node');
    const responseMode = ['json', 'sse'].find(mode => rest.includes(mode));
    const handler = toNodeHandler(createMcpHandler(server, { legacy: legacy ?? 'stateless', responseMode }));
    createServer((request, response) => handler(request, response)).listen(Number(rest[0]), '127.0.0.1');
} else {
    const { NodeStreamableHTTPServerTransport } = await import('@modelcontextprotocol/node');
    const open = new Map();
    createServer(async (request, response) => {
        let known = open.get(request.headers['mcp-session-id']);
        if (!known) {
            known = new NodeStreamableHTTPServerTransport({
                sessionIdGenerator: () => randomUUID(),
                onsessioninitialized: id => open.set(id, known),
            });
            await server().connect(known);
        }
        await known.handleRequest(request, response);
    }).listen(Number(rest[0]), '127.0.0.1');
}
