"""Hook into moto's DynamoDB: the items of a table outlive the endpoint."""

import json
from pathlib import Path
from typing import Any

from moto.dynamodb.models import DynamoDBBackend


def install(folder: Path) -> None:
    """Write a table to `folder` whenever an item changes, and fill it from there when it is created."""

    def save(backend: Any, table_name: str) -> None:
        items = [item.to_json()["Attributes"] for item in backend.tables[table_name].all_items()]
        partial = folder / f"{table_name}.partial"
        partial.write_text(json.dumps(items), encoding="utf-8")
        partial.replace(folder / f"{table_name}.json")

    def saving(change: Any) -> Any:
        def changed(self: Any, table_name: str, *args: Any, **kwargs: Any) -> Any:
            result = change(self, table_name, *args, **kwargs)
            save(self, table_name)
            return result

        return changed

    create, put = DynamoDBBackend.create_table, DynamoDBBackend.put_item

    def create_table(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        table = create(self, name, *args, **kwargs)
        saved = folder / f"{name}.json"
        if saved.exists():
            for item in json.loads(saved.read_text(encoding="utf-8")):
                put(self, name, item)
        return table

    DynamoDBBackend.create_table = create_table
    for method in ("put_item", "update_item", "delete_item"):
        setattr(DynamoDBBackend, method, saving(getattr(DynamoDBBackend, method)))
