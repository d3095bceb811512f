"""A server on the SDK for Python, either line: `both.py stdio | sse PORT | http PORT [stateless] [json]`."""

import sys

try:
    from mcp.server.mcpserver import MCPServer as Made
except ImportError:
    from mcp.server.fastmcp import FastMCP as Made

transport, port, modes = sys.argv[1], int((sys.argv[2:] or ["0"])[0]), sys.argv[3:]
second = Made.__name__ == "MCPServer"
wanted = {"host": "127.0.0.1", "port": port}
if transport == "http":
    wanted.update(stateless_http="stateless" in modes, json_response="json" in modes)
made = Made("conformance", instructions="Be careful.", **({} if second else wanted))


@made.tool(description="the first")
def first(text: str) -> str:
    return text


@made.tool(description="the second")
def second_tool(text: str) -> str:
    return text


@made.tool(description="the third")
def third(text: str) -> str:
    return text


@made.prompt(description="asks")
def ask() -> str:
    return "?"


@made.resource("test://one", name="one")
def one() -> str:
    return "1"


@made.resource("test://{id}", name="any")
def any_one(id: str) -> str:
    return id


how = {"stdio": "stdio", "sse": "sse", "http": "streamable-http"}[transport]
made.run(how, **(wanted if second and transport != "stdio" else {}))
