"""An HTTP server to deliver to, which nobody here wrote: aiohttp's."""

import asyncio
import json
import threading

from aiohttp import web

from support import PATIENCE


class Receiver:
    """Keeps the requests that it gets; `answer` makes the answer to one, and without it the answer
    is 200.
    """

    def __init__(self, answer=None, tls=None, **options):
        self.requests = []
        self.answer = answer or (lambda request: web.Response())
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.port = self._do(self._start(tls, options))
        self.url = f"{'https' if tls else 'http'}://localhost:{self.port}/in"

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    async def _start(self, tls, options):
        app = web.Application(**options)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self.runner = web.AppRunner(app, shutdown_timeout=1)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        return site._server.sockets[0].getsockname()[1]

    async def _handle(self, request):
        # Beyond the size that the application allows, this is aiohttp's own 413.
        self.requests.append((request, await request.text()))
        return self.answer(request)

    def records(self):
        lines = [line for _, text in list(self.requests) for line in text.splitlines()]
        return [json.loads(line) for line in lines]

    def messages(self):
        return [record["message"] for record in self.records()]

    def close(self):
        self._do(self.runner.cleanup())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(PATIENCE)
        self.loop.close()
