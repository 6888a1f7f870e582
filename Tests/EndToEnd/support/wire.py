"""A network between two programs of this machine that can be cut and mended."""
import asyncio
import threading

from .waiting import DEADLINE


class Wire:
    """Passes on TCP connections to an address, with an address of its own."""

    def __init__(self, target):
        self._target = target.split(":")
        self._loop = asyncio.new_event_loop()
        self._writers = set()
        self._resets = False
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.address = self._call(self._open())

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(DEADLINE)

    async def _open(self):
        self._is_whole = asyncio.Event()
        self._is_whole.set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return "{}:{}".format(*self._server.sockets[0].getsockname())

    def cut(self, resets=False):
        """What is sent from now on arrives when the wire is mended; with `resets` every connection breaks at once instead."""

        async def cut():
            self._resets = resets
            self._is_whole.clear()
            for writer in list(self._writers) if resets else []:
                writer.transport.abort()

        self._call(cut())

    def mend(self):
        async def mend():
            self._resets = False
            self._is_whole.set()

        self._call(mend())

    def close(self):
        async def close():
            self._server.close()
            self._is_whole.set()
            while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
                for writer in list(self._writers):
                    writer.transport.abort()
                await asyncio.wait(tasks, timeout=0.1)

        self._call(close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(DEADLINE)

    async def _accept(self, reader, writer):
        if self._resets:
            writer.transport.abort()
            return
        self._writers.add(writer)
        try:
            await self._is_whole.wait()
            onward_reader, onward = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            self._writers.discard(writer)
            return
        self._writers.add(onward)
        await asyncio.gather(self._pass_on(reader, onward), self._pass_on(onward_reader, writer))
        self._writers -= {writer, onward}

    async def _pass_on(self, reader, writer):
        try:
            while data := await reader.read(1 << 16):
                await self._is_whole.wait()
                writer.write(data)
                await writer.drain()
            await self._is_whole.wait()
        except OSError:
            pass
        writer.close()
