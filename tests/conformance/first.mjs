// A server on the first line of the SDK for Node: `first.mjs stdio | sse PORT | http PORT [stateless] [json]`.
// Its tools come on two pages.
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import * as types from '@modelcontextprotocol/sdk/types.js';

const [transport, port, ...modes] = process.argv.slice(2);
const inputSchema = { type: 'object', properties: { text: { type: 'string', description: 'what to say' } } };

function server() {
    const capabilities = { tools: {}, prompts: {}, resources: {} };
    const made = new Server({ name: 'conformance', version: '1.2.3' }, { capabilities, instructions: 'Be careful.' });
    made.setRequestHandler(types.ListToolsRequestSchema, request => request.params?.cursor === 'next'
        ? { tools: [{ name: 'third', description: 'the third', inputSchema }] }
        : { tools: ['first', 'second'].map(name => ({ name, description: `the ${name}`, inputSchema })), nextCursor: 'next' });
    made.setRequestHandler(types.ListPromptsRequestSchema, () => ({ prompts: [{ name: 'ask', description: 'asks' }] }));
    made.setRequestHandler(types.ListResourcesRequestSchema, () => ({ resources: [{ uri: 'test://one', name: 'one' }] }));
    made.setRequestHandler(types.ListResourceTemplatesRequestSchema,
        () => ({ resourceTemplates: [{ uriTemplate: 'test://{id}', name: 'any' }] }));
    return made;
}

async function body(request) {
    let text = '';
    for await (const part of request) text += part;
    return text ? JSON.parse(text) : undefined;
}

if (transport === 'stdio') {
    const { StdioServerTransport } = await import('@modelcontextprotocol/sdk/server/stdio.js');
    await server().connect(new StdioServerTransport());
} else if (transport === 'sse') {
    const { SSEServerTransport } = await import('@modelcontextprotocol/sdk/server/sse.js');
    const open = new Map();
    createServer(async (request, response) => {
        const url = new URL(request.url, 'http://localhost');
        if (request.method === 'GET' && url.pathname === '/sse') {
            const made = new SSEServerTransport('/messages', response);
            open.set(made.sessionId, made);
            await server().connect(made);
        } else if (request.method === 'POST' && url.pathname === '/messages') {
            await open.get(url.searchParams.get('sessionId')).handlePostMessage(request, response);
        } else {
            response.writeHead(404).end();
        }
    }).listen(Number(port), '127.0.0.1');
} else {
    const { StreamableHTTPServerTransport } = await import('@modelcontextprotocol/sdk/server/streamableHttp.js');
    const stateless = modes.includes('stateless');
    const enableJsonResponse = modes.includes('json');
    const open = new Map();
    const make = async () => {
        const made = new StreamableHTTPServerTransport({
            sessionIdGenerator: stateless ? undefined : () => randomUUID(),
            enableJsonResponse,
            onsessioninitialized: id => open.set(id, made),
        });
        await server().connect(made);
        return made;
    };
    createServer(async (request, response) => {
        const json = await body(request);
        const known = open.get(request.headers['mcp-session-id']);
        if (stateless && request.method !== 'POST') return response.writeHead(405).end();
        if (!stateless && !known && json?.method !== 'initialize') return response.writeHead(400).end();
        await (known ?? await make()).handleRequest(request, response, json);
    }).listen(Number(port), '127.0.0.1');
}
