"""Hook into moto's DynamoDB: the items of a table outlive the endpoint."""

import json
import threading
from pathlib import Path
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import DynamoDBBackend

from landing.disk import disk_full, is_full
from local_cloud.documents import write_document

_create, _delete = DynamoDBBackend.create_table, DynamoDBBackend.delete_table
_put = DynamoDBBackend.put_item
_changes = {name: getattr(DynamoDBBackend, name) for name in ("put_item", "update_item", "delete_item")}


def install(folder: Path) -> None:
    """Write a table to `folder` whenever an item changes, and fill it from there when it is created.

    A second call replaces the first folder.
    """
    one_change = threading.RLock()  # the server answers each request in its own thread

    def save(backend: Any, table_name: str) -> None:
        items = [item.to_json()["Attributes"] for item in backend.tables[table_name].all_items()]
        try:
            write_document(folder / f"{table_name}.json", items)
        except OSError as error:
            cause = disk_full(folder) if is_full(error) else str(error)
            raise JsonRESTError("InternalServerError", cause) from error

    def saving(change: Any) -> Any:
        def changed(self: Any, table_name: str, *args: Any, **kwargs: Any) -> Any:
            with one_change:
                result = change(self, table_name, *args, **kwargs)
                save(self, table_name)
            return result

        return changed

    def create_table(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        table = _create(self, name, *args, **kwargs)
        saved = folder / f"{name}.json"
        if saved.exists():
            for item in json.loads(saved.read_text(encoding="utf-8")):
                _put(self, name, item)
        return table

    def delete_table(self: Any, name: str) -> Any:
        table = _delete(self, name)
        (folder / f"{name}.json").unlink(missing_ok=True)
        return table

    DynamoDBBackend.create_table, DynamoDBBackend.delete_table = create_table, delete_table
    for method, change in _changes.items():
        setattr(DynamoDBBackend, method, saving(change))
