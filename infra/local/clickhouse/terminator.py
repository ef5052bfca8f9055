"""TLS in front of the embedded ClickHouse, whose server has none: it decrypts, and forwards to a local port.

    terminator.py <host> <port> <port of the server> <folder of certificates>

It ends with the process that started it.
"""

import asyncio
import os
import ssl
import sys


async def forward(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except (OSError, ssl.SSLError):
        pass
    finally:
        writer.close()


async def main(host, port, server_port, folder):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/server.pem", f"{folder}/server.key")
    # A client may show a certificate; a wrong one is refused.
    context.load_verify_locations(f"{folder}/ca.pem")
    context.verify_mode = ssl.CERT_OPTIONAL

    async def serve(client_reader, client_writer):
        try:
            reader, writer = await asyncio.open_connection(host, server_port)
        except OSError:
            client_writer.close()
            return
        await asyncio.gather(forward(client_reader, writer), forward(reader, client_writer))

    parent = os.getppid()
    server = await asyncio.start_server(serve, host, port, ssl=context)
    async with server:
        while os.getppid() == parent:
            await asyncio.sleep(0.2)


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
