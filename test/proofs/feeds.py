"""Writes and reads topics with the client of Confluent: `feeds.py produce|consume avro|json|protobuf BROKER REGISTRY TOPIC COUNT`."""

import json
import sys

from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

FIRST = {
    "type": "record",
    "name": "Order",
    "namespace": "shop",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "customer", "type": ["null", "string"]},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "total", "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}},
        {"name": "lines", "type": {"type": "array", "items": {
            "type": "record", "name": "Line", "fields": [
                {"name": "sku", "type": "string"}, {"name": "price", "type": "double"}]}}},
        {"name": "labels", "type": {"type": "map", "values": "string"}},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["WEB", "SHOP"]}},
    ],
}
# A producer adds personal data in the middle of the stream.
SECOND = {**FIRST, "fields": [{"name": "email", "type": ["null", "string"], "default": None}, *FIRST["fields"]]}


JSON_FIRST = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "Order",
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "customer": {"type": ["string", "null"]},
        "at": {"type": "string", "format": "date-time"},
        "total": {"type": "number"},
        "lines": {"type": "array", "items": {"$ref": "#/definitions/Line"}},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "kind": {"enum": ["WEB", "SHOP"]},
    },
    "definitions": {"Line": {"type": "object", "properties": {"sku": {"type": "string"}, "price": {"type": "number"}}}},
}
JSON_SECOND = {**JSON_FIRST, "properties": {"email": {"type": "string"}, **JSON_FIRST["properties"]}}


def as_json(value):
    return {**value, "at": value["at"].isoformat(), "total": float(value["total"])}


def message_class(second):
    """The class of the messages of a schema, made without a compiler."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2  # noqa: F401

    package = "shop.second" if second else "shop.first"
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{package}.proto", package=package, syntax="proto3", dependency=["google/protobuf/timestamp.proto"])
    kind = file.enum_type.add(name="Kind")
    kind.value.add(name="WEB", number=0)
    kind.value.add(name="SHOP", number=1)
    made = file.message_type.add(name="Order")
    line = made.nested_type.add(name="Line")
    line.field.add(name="sku", number=1, type=9, label=1)
    line.field.add(name="price", number=2, type=1, label=1)
    entry = made.nested_type.add(name="LabelsEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=9, label=1)
    entry.field.add(name="value", number=2, type=9, label=1)
    if second:
        made.field.add(name="email", number=9, type=9, label=1)
    made.field.add(name="id", number=1, type=3, label=1)
    made.oneof_decl.add(name="_customer")
    made.field.add(name="customer", number=2, type=9, label=1, proto3_optional=True, oneof_index=0)
    made.field.add(name="at", number=3, type=11, label=1, type_name=".google.protobuf.Timestamp")
    made.field.add(name="total", number=4, type=1, label=1)
    made.field.add(name="lines", number=5, type=11, label=3, type_name=f".{package}.Order.Line")
    made.field.add(name="labels", number=6, type=11, label=3, type_name=f".{package}.Order.LabelsEntry")
    made.field.add(name="kind", number=7, type=14, label=1, type_name=f".{package}.Kind")
    pool = descriptor_pool.Default()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.Order"))


def as_message(made, value):
    message = made(**{
        **{name: member for name, member in value.items() if name not in ("at", "total", "kind") and member is not None},
        "total": float(value["total"]),
        "kind": 0 if value["kind"] == "WEB" else 1,
    })
    message.at.FromDatetime(value["at"])
    return message


def serializer_of(form, client, second):
    """What makes a value, and what makes bytes of it."""
    if form == "avro":
        return lambda value: value, AvroSerializer(client, json.dumps(SECOND if second else FIRST))
    if form == "json":
        return as_json, JSONSerializer(json.dumps(JSON_SECOND if second else JSON_FIRST), client)
    made = message_class(second)
    return lambda value: as_message(made, value), ProtobufSerializer(made, client, {"use.deprecated.format": False})


def order(number, second):
    from datetime import datetime, timezone
    from decimal import Decimal

    value = {
        "id": number * 2**33,
        "customer": None if number % 7 == 0 else f"ZqCanary-{number}",
        "at": datetime.fromtimestamp(1_767_225_600 + number, timezone.utc),
        "total": Decimal(number).scaleb(-2),
        "lines": [{"sku": f"s{line}", "price": number / 8 + line} for line in range(number % 4)],
        "labels": {"colour": f"ZqCanary-{number % 3}"},
        "kind": "WEB" if number % 2 else "SHOP",
    }
    return {"email": f"ZqCanary-{number}@x.example", **value} if second else value


def produce(form, broker, registry, topic, count):
    client = SchemaRegistryClient({"url": registry})
    admin = AdminClient({"bootstrap.servers": broker})
    made = admin.create_topics([NewTopic(topic, 2, 1)])
    for future in made.values():
        future.result()
    producer = Producer({"bootstrap.servers": broker})
    for second in (False, True):
        make, serializer = serializer_of(form, client, second)
        context = SerializationContext(topic, MessageField.VALUE)
        for number in range(count // 2):
            value = order(number + (count // 2 if second else 0), second)
            producer.produce(topic, key=str(value["id"]), value=serializer(make(value), context))
            producer.poll(0)
            # What JSON would have said.
            print(json.dumps({"id": value["id"], "customer": value["customer"]}))
    producer.flush()


def compiled(client, subject):
    """The class of the first message of a subject, made by the compiler of Protobuf."""
    import os
    import subprocess
    import tempfile

    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, struct_pb2, timestamp_pb2  # noqa: F401

    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "out.proto"), "w", encoding="utf-8") as file:
            file.write(client.get_latest_version(subject).schema.schema_str)
        made = os.path.join(folder, "out.bin")
        subprocess.run(
            [sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", f"--descriptor_set_out={made}", "out.proto"], check=True)
        with open(made, "rb") as file:
            [found] = descriptor_pb2.FileDescriptorSet.FromString(file.read()).file
    pool = descriptor_pool.Default()
    pool.Add(found)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{found.package}.{found.message_type[0].name}"))


def deserializer_of(form, client, topic):
    if form == "avro":
        return AvroDeserializer(client)
    if form == "json":
        # It holds each value to the schema that it names.
        return JSONDeserializer(None, schema_registry_client=client)
    from google.protobuf.json_format import MessageToDict

    # Without the client: it asks the registry for descriptors, which this one does not give.
    read = ProtobufDeserializer(compiled(client, f"{topic}-value"), {"use.deprecated.format": False})
    return lambda value, context: MessageToDict(read(value, context), preserving_proto_field_name=True)


def consume(form, broker, registry, topic, count):
    client = SchemaRegistryClient({"url": registry})
    deserializer = deserializer_of(form, client, topic)
    consumer = Consumer({
        "bootstrap.servers": broker, "group.id": f"{topic}.proof", "auto.offset.reset": "earliest",
        "isolation.level": "read_committed"})
    consumer.subscribe([topic])
    read = 0
    while read < count:
        message = consumer.poll(20)
        if message is None:
            break
        if message.error():
            continue
        read += 1
        value = deserializer(message.value(), SerializationContext(topic, MessageField.VALUE))
        print(json.dumps(value, default=str))
    consumer.close()


if __name__ == "__main__":
    what, form, broker, registry, topic, count = sys.argv[1:]
    {"produce": produce, "consume": consume}[what](form, broker, registry, topic, int(count))
