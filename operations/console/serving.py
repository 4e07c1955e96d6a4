"""The console's server: of this machine only, on a port beside the endpoint's."""

import secrets
import threading
from typing import Self

from werkzeug.serving import make_server

from local_cloud.at_once import AtOnce
from local_cloud.errors import LocalCloudError
from local_cloud.state import StateFolder
from operations.console.app import application
from operations.console.runs import Runs

_HERE = "127.0.0.1"


class Console:
    """Serves the console of a state folder from `start` until `close`; the environment leads to the folder's endpoint.

    LocalCloudError if the port is in use; port 0 is a free one.
    """

    def __init__(self, folder: StateFolder, port: int, *, runs: Runs | None = None) -> None:
        self._token = secrets.token_urlsafe(24)
        try:
            app = application(folder, self._token, runs=runs)
            self._server = make_server(_HERE, port, app, threaded=True, request_handler=AtOnce)
        except (OSError, SystemExit):  # werkzeug ends the program if the port is in use
            raise LocalCloudError(
                f"port {port} is in use, and the console needs it; end the program that listens there, or give another port: --port"
            ) from None
        self._thread = threading.Thread(target=self._server.serve_forever, name="console", daemon=True)

    @property
    def address(self) -> str:
        """Where it is. The part after # stays in the browser: it is in no request, no log and no Referer."""
        return f"http://{_HERE}:{self._server.port}/#token={self._token}"

    def start(self) -> Self:
        """Serve until `close`."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Serve nothing more."""
        if self._thread.ident is not None:  # Ctrl-C may come before the start
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
