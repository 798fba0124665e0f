"""The record schemas hold what the API really sends and stay within what loaders can take.

The samples are those of the API's reference pages, with reserved domains.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
import singer_sdk.typing as th
from singer_sdk.helpers._flattening import flatten_schema
from singer_sdk.helpers._typing import conform_record_data_types
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.singerlib import Schema

from tap_gorgias import schemas

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUIRED = {
    "account": {"domain"},
    "account_settings": {"id"},
    "attachments": {"message_id", "position", "message_created_datetime", "read_datetime"},
    "custom_fields": {"id"},
    "customer_custom_fields": {"customer_id", "custom_field_id"}
    | {"customer_updated_datetime", "read_datetime"},
    "customer_details": {"id"},
    "customers": {"id", "updated_datetime", "read_datetime"},
    "deletions": {"id", "created_datetime"},
    "events": {"id", "created_datetime"},
    "integrations": {"id"},
    "jobs": {"id"},
    "macros": {"id"},
    "messages": {"id", "created_datetime", "read_datetime"},
    "reports": {"report", "period", "dimensions_hash", "read_datetime"},
    "rules": {"id"},
    "satisfaction_surveys": {"id", "created_datetime"},
    "tags": {"id"},
    "teams": {"id"},
    "ticket_custom_fields": {"ticket_id", "custom_field_id"}
    | {"ticket_updated_datetime", "read_datetime"},
    "ticket_tags": {"ticket_id", "tag_id", "ticket_updated_datetime", "read_datetime"},
    "tickets": {"id", "updated_datetime", "read_datetime"},
    "users": {"id"},
    "view_items": {"view_id", "id"},
    "views": {"id"},
    "voice_call_events": {"id", "created_datetime"},
    "voice_call_recordings": {"id", "created_datetime"},
    "voice_calls": {"id", "created_datetime"},
    "widgets": {"id"},
}

READ = "2026-02-02T00:00:00.000000+00:00"

API_SAMPLES = {
    "account": """
{"domain":"acme","created_datetime":"2025-03-02T08:15:00.120000+00:00","deactivated_datetime":null,
"status":{"status":"active"},"current_subscription":{"plan":null,"status":"trialing",
"start_datetime":"2025-03-02T08:15:00+00:00","trial_start_datetime":"2025-03-02T08:15:00+00:00",
"trial_end_datetime":"2025-03-09T08:15:00+00:00"},"meta":{"company_domain":"acme.example",
"analytics_group_id":"ab12"},"settings":[{"id":11,"type":"business-hours","data":{"timezone":"UTC",
"business_hours":[{"days":"1,2,3,4,5","from_time":"09:00","to_time":"17:00"}]}}]}
""",
    "customer_details": """
{"id":7001,"external_id":"crm-55","active":true,"email":"lea@example.org","name":"Lea Braun",
"firstname":"Lea","lastname":"Braun","language":"de","timezone":"Europe/Berlin",
"created_datetime":"2026-01-10T09:00:00.100000+00:00",
"updated_datetime":"2026-02-01T10:30:00.250000+00:00","meta":{"name_set_via":"agent"},"data":null,
"note":null,"custom_fields":{"319":{"id":319,"value":"gold"}},"channels":[{"id":9001,
"type":"email","address":"lea@example.org","preferred":true,
"created_datetime":"2026-01-10T09:00:00.100500+00:00",
"updated_datetime":"2026-01-10T09:00:00.100500+00:00","deleted_datetime":null,"user":{"id":7001,
"name":"Lea Braun"},"customer":{"id":7001,"name":"Lea Braun"}}],"customer":null,
"integrations":{"42":{"__integration_type__":"shopify","customer":{"id":555},"orders":[]}},
"external_data":{"6a00f0c0":{"__app_name__":"My App","plan":"pro"}},"ecommerce_data":{}}
""",
    "tickets": """
{"id":50010,"uri":"/api/tickets/50010/","external_id":null,"language":"en","status":"open",
"priority":"normal","channel":"email","via":"email","from_agent":false,"customer":{"id":7001,
"email":"lea@example.org","name":"Lea Braun","firstname":"Lea","lastname":"Braun",
"meta":{"name_set_via":"email"}},"assignee_user":{"id":6001,"email":"sam@acme.example",
"name":"Sam Ito","firstname":"Sam","lastname":"Ito","meta":{"name_set_via":"agent"},"bio":null},
"assignee_team":{"id":12,"name":"Tier 1","decoration":{}},"subject":"Where is my parcel?",
"summary":null,"excerpt":"Hello, my parcel ...","integrations":[{"name":"Acme Support",
"address":"support@acme.example","type":"email"}],"meta":null,"tags":[{"id":301,"name":"shipping",
"decoration":{"color":"#1f45c2"}}],"messages_count":2,"is_unread":true,"spam":false,
"created_datetime":"2026-02-01T10:00:00.000123+00:00","opened_datetime":null,
"last_received_message_datetime":"2026-02-01T10:00:00.000123+00:00",
"last_message_datetime":"2026-02-01T10:05:00+00:00","last_sent_message_not_delivered":false,
"updated_datetime":"2026-02-01T10:05:01.500000+00:00","closed_datetime":null,
"snooze_datetime":null,"trashed_datetime":null,"custom_fields":{"501":{"id":501,
"value":"Shipping::Late"}}}
""",
    "messages": """
{"id":80001,"uri":"/api/tickets/50010/messages/80001/","message_id":"<a1@example.org>",
"ticket_id":50010,"external_id":null,"public":true,"channel":"email","via":"email",
"source":{"type":"email","from":{"name":"Lea Braun","address":"lea@example.org"},
"to":[{"name":"Acme Support","address":"support@acme.example"}]},"sender":{"id":7001,
"email":"lea@example.org","name":"Lea Braun","firstname":"Lea","lastname":"Braun","meta":null},
"auth_customer_identity":null,"integration_id":42,"intents":[{"name":"shipping/status",
"rejected":null,"is_user_feedback":false}],"rule_id":null,"from_agent":false,"receiver":null,
"subject":"Where is my parcel?","body_text":"Hello, my parcel ...",
"body_html":"<p>Hello, my parcel ...</p>","stripped_text":"Hello, my parcel ...",
"stripped_html":null,"stripped_signature":null,"headers":null,"attachments":null,"actions":null,
"macros":[],"meta":null,"imported":false,"created_datetime":"2026-02-01T10:00:00.000123+00:00",
"processed_datetime":"2026-02-01T10:00:00.020000+00:00",
"sent_datetime":"2026-02-01T10:00:00+00:00","failed_datetime":null,"deleted_datetime":null,
"opened_datetime":null,"last_sending_error":null,"is_retriable":true}
""",
    "events": """
{"id":2190000001,"context":"0f0e5b7c-6d3b-4a63-9c52-0a1d6f3c2b11",
"created_datetime":"2026-02-01T10:06:00.120000+00:00","data":{"tags_added":[301]},
"object_id":50010,"object_type":"Ticket","type":"ticket-tags-added","user_id":6001,
"uri":"/api/events/2190000001/"}
""",
    "custom_fields": """
{"id":501,"external_id":null,"object_type":"Ticket","label":"Contact reason","description":null,
"priority":10,"required":false,"requirement_type":"conditional","managed_type":"contact_reason",
"definition":{"data_type":"text","input_settings":{"input_type":"dropdown",
"choices":["Shipping::Late","Shipping::Lost","Other"],"default":null}},
"created_datetime":"2026-01-05T07:00:00.101000+00:00",
"updated_datetime":"2026-01-05T07:00:00.101005+00:00","deactivated_datetime":null}
""",
    "satisfaction_surveys": """
{"id":2201,"body_text":"Fast!","created_datetime":"2026-02-03T08:00:00.100000+00:00",
"customer_id":7001,"meta":null,"score":5,"scored_datetime":"2026-02-03T10:00:00+00:00",
"sent_datetime":"2026-02-03T09:00:00+00:00","should_send_datetime":"2026-02-03T09:00:00+00:00",
"ticket_id":50010,"uri":"/api/satisfaction-surveys/2201/"}
""",
    "tags": """
{"id":301,"decoration":{"color":"#1f45c2"},"description":null,"name":"shipping","usage":14,
"uri":"/api/tags/301/","created_datetime":"2026-01-05T07:00:00.324070+00:00",
"deleted_datetime":null}
""",
    "users": """
{"id":6001,"active":true,"bio":null,"created_datetime":"2025-11-01T08:00:00.100000+00:00",
"country":"DE","deactivated_datetime":null,"email":"sam@acme.example","external_id":null,
"firstname":"Sam","has_password":true,"has_2fa_enabled":false,"lastname":"Ito","language":"en",
"meta":{"name_set_via":"agent"},"name":"Sam Ito","role":{"name":"agent"},
"timezone":"Europe/Berlin","updated_datetime":"2026-01-20T08:00:00.200000+00:00","client_id":null,
"uri":"https://acme.example/api/users/6001/"}
""",
    "teams": """
{"id":12,"uri":"/api/teams/12/","name":"Tier 1","description":null,"decoration":{"emoji":"*"},
"members":[{"id":6001,"name":"Sam Ito","email":"sam@acme.example","meta":{}}],
"created_datetime":"2026-01-02T09:00:00.651865+00:00"}
""",
    "views": """
{"id":77,"uri":"/api/views/77/","name":"Open mine","slug":"open-mine","type":"ticket-list",
"category":"user","visibility":"public","decoration":null,"fields":["details","tags","updated"],
"filters":"eq(ticket.status, 'open')","filters_ast":{"type":"Program","body":[]},
"order_by":"updated_datetime","order_dir":"desc","search":null,"section_id":null,
"shared_with_teams":[],"shared_with_users":[],
"created_datetime":"2026-01-02T09:00:00.100000+00:00","deactivated_datetime":null}
""",
    "macros": """
{"id":401,"external_id":null,"name":"Where is my order","intent":"shipping/status","language":"en",
"usage":3,"actions":[{"name":"addTags","title":"Add tags","type":"user",
"arguments":{"tags":"shipping"}}],"created_datetime":"2026-01-03T09:00:00.100000+00:00",
"updated_datetime":null,"archived_datetime":null,"uri":"/api/macros/401/"}
""",
    "rules": """
{"id":901,"code":"if (eq(ticket.status, 'open')) { Action('addTags', { tags: 'new' }) }",
"code_ast":{"type":"Program","sourceType":"script","body":[]},
"created_datetime":"2026-01-03T09:00:00.100000+00:00","deactivated_datetime":null,
"description":null,"event_types":"ticket-created","settings":{},"name":"Tag new","priority":3,
"type":"user","updated_datetime":"2026-01-03T09:00:00.100004+00:00","uri":"/api/rules/901/"}
""",
    "integrations": """
{"id":42,"uri":"/api/integrations/42/","type":"http","name":"CRM hook","description":null,
"meta":{},"http":{"id":43,"url":"https://acme.example/hook?email={{ticket.customer.email}}",
"method":"POST","form":null,"headers":{},"request_content_type":"application/json",
"response_content_type":"application/json","triggers":{"ticket-created":true,
"ticket-updated":false}},"user":{"id":6001},"decoration":null,"application_id":null,
"managed":false,"business_hours_id":null,"created_datetime":"2026-01-03T09:00:00.100000+00:00",
"updated_datetime":"2026-01-03T09:00:00.100000+00:00","deactivated_datetime":null,
"locked_datetime":null}
""",
    "widgets": """
{"id":61,"uri":"/api/widgets/61/","type":"http","context":"ticket","order":0,
"template":{"type":"wrapper","widgets":[{"path":"account_info","type":"card","title":"Account",
"widgets":[{"path":"plan","type":"text","title":"Plan"}]}]},"integration_id":42,"app_id":null,
"created_datetime":"2026-01-03T09:00:00.100000+00:00",
"updated_datetime":"2026-01-03T09:00:00.100000+00:00","deactivated_datetime":null}
""",
    "jobs": """
{"id":1551,"cancel_requested_datetime":null,"cancelled_datetime":null,
"created_datetime":"2026-02-01T10:00:00.100000+00:00",
"ended_datetime":"2026-02-01T10:00:01.400000+00:00","failed_datetime":null,"info":{},
"locked_datetime":null,"meta":null,"params":{"ticket_ids":[50010],"updates":{"status":"closed"}},
"scheduled_datetime":null,"started_datetime":"2026-02-01T10:00:00.200000+00:00","status":"done",
"type":"updateTicket","user_id":6001,"uri":"/api/jobs/1551/"}
""",
    "voice_calls": """
{"id":3001,"integration_id":42,"ticket_id":50010,"phone_number_id":5,"external_id":"CAxxxx",
"provider":"twilio","status":"completed","direction":"inbound","phone_number_source":"+4930000001",
"country_source":"DE","phone_number_destination":"+4930000002","country_destination":"DE",
"duration":61,"started_datetime":"2026-02-01T09:00:00+00:00",
"created_datetime":"2026-02-01T09:00:00.100000+00:00",
"updated_datetime":"2026-02-01T09:02:00.100000+00:00","initiated_by_agent_id":null,
"last_answered_by_agent_id":6001,"last_rang_agent_id":6001,"last_monitoring_agent_id":null,
"monitoring_status":null,"customer_id":7001,"has_voicemail":false,"has_call_recording":true,
"queue_id":3,"status_in_queue":null,"termination_status":"completed","error_code":null,
"answered_by_external_customer_id":null,"answered_by_external_number":null,"summaries":[]}
""",
    "voice_call_events": """
{"id":71,"type":"phone-call-answered","account_id":9,"call_id":3001,"user_id":6001,
"customer_id":7001,"created_datetime":"2026-02-01T09:00:05.100000+00:00","meta":{}}
""",
    "voice_call_recordings": """
{"id":81,"call_id":3001,"external_id":"RExxxx","url":"https://acme.example/recordings/81","duration":60,
"type":"call-recording","created_datetime":"2026-02-01T09:02:00.100000+00:00",
"deleted_datetime":null,"deleted_by_user_id":null,"error_code":null,
"transcription_status":"completed"}
""",
}


def samples() -> dict[str, dict[str, Any]]:
    """Return one record per stream: the API's own, and the rows the tap derives from them."""
    found = {stream: json.loads(sample) for stream, sample in API_SAMPLES.items()}
    (setting,) = found["account"]["settings"]
    details_only = {"channels", "customer", "integrations", "external_data", "ecommerce_data"}
    details = found["customer_details"]
    listed = {name: value for name, value in details.items() if name not in details_only}
    value = {"value_text": None, "value_number": None, "value_boolean": None, "read_datetime": READ}
    return found | {
        "account_settings": setting,
        "customers": listed | {"read_datetime": READ},
        "messages": found["messages"] | {"read_datetime": READ},
        "tickets": found["tickets"] | {"read_datetime": READ},
        "view_items": found["tickets"] | {"view_id": 77},
        "ticket_custom_fields": value
        | {"ticket_id": 50010, "custom_field_id": 501, "value": "12.5", "value_number": 12.5}
        | {"ticket_updated_datetime": READ},
        "customer_custom_fields": value
        | {"customer_id": 7001, "custom_field_id": 319, "value": "true", "value_boolean": True}
        | {"customer_updated_datetime": READ},
        "ticket_tags": {"ticket_id": 50010, "tag_id": 301, "name": "shipping", "position": 0}
        | {"decoration": {"color": "#1f45c2"}, "ticket_updated_datetime": READ}
        | {"read_datetime": READ},
        "attachments": {"message_id": 80001, "position": 0, "ticket_id": 50010, "extra": {"id": 1}}
        | {"name": "a.png", "url": "https://acme.example/a.png", "content_type": "image/png"}
        | {"size": 20481, "public": True, "location": None}
        | {"message_created_datetime": READ, "read_datetime": READ},
        "deletions": {"id": 2190000002, "object_type": "Customer", "object_id": 7002}
        | {"deleted_datetime": READ, "merged_into_id": 7001, "event_type": "customer-merged"}
        | {"user_id": 6001, "created_datetime": READ},
        "reports": {"report": "tickets", "period": READ, "dimensions_hash": "d1"}
        | {"dimensions": {"channel": "email"}, "measures": {"ticketCount": 3, "average": None}}
        | {"granularity": "day", "timezone": "UTC", "read_datetime": READ},
    }


SAMPLES = samples()


def schema_of(stream: str) -> dict[str, Any]:
    schema: dict[str, Any] = getattr(schemas, stream.upper())
    return schema


def conformed(stream: str, record: dict[str, Any]) -> dict[str, Any]:
    """Return the record as the SDK would write it."""
    level = TypeConformanceLevel.RECURSIVE
    return conform_record_data_types(
        stream, record, schema_of(stream), level, logging.getLogger(__name__)
    )


def described_parts(path: str, schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every spelled-out property below `schema`, nested ones and those of items too."""
    for name, part in schema.get("properties", {}).items():
        yield f"{path}.{name}", part
        yield from described_parts(f"{path}.{name}", part)
        yield from described_parts(f"{path}.{name}[]", part.get("items", {}))


def errors(stream: str, record: dict[str, Any]) -> list[str]:
    closed = schema_of(stream) | {"additionalProperties": False}
    return [error.message for error in th.DEFAULT_JSONSCHEMA_VALIDATOR(closed).iter_errors(record)]


every_stream = pytest.mark.parametrize("stream", sorted(REQUIRED))


def test_each_stream_has_one_schema_and_one_sample() -> None:
    exported = {name.lower() for name in schemas.__all__} - {"json_text"}
    assert exported == set(REQUIRED) == set(SAMPLES)


@every_stream
def test_a_schema_is_valid_json_schema(stream: str) -> None:
    th.DEFAULT_JSONSCHEMA_VALIDATOR.check_schema(schema_of(stream))


@every_stream
def test_every_property_says_what_it_means(stream: str) -> None:
    for path, part in described_parts(stream, schema_of(stream)):
        assert part.get("description", "").endswith("."), path


@every_stream
def test_only_keys_and_bookmarks_refuse_null(stream: str) -> None:
    schema = schema_of(stream)
    assert set(schema["required"]) == REQUIRED[stream]
    required = {f"{stream}.{name}" for name in REQUIRED[stream]}
    refusing = {p for p, part in described_parts(stream, schema) if "null" not in part["type"]}
    assert refusing == required


@every_stream
def test_a_schema_survives_the_catalog(stream: str) -> None:
    assert Schema.from_dict(schema_of(stream)).to_dict() == schema_of(stream)


@every_stream
def test_a_real_record_fits_without_an_undeclared_field(stream: str) -> None:
    assert errors(stream, SAMPLES[stream]) == []


@every_stream
def test_the_samples_fill_every_field_but_the_rare_ones(stream: str) -> None:
    rare = {
        "integrations": {"deleted_datetime"},
        "messages": {"replied_by", "replied_to"},
        "voice_calls": {"transcriptions"},
    }
    missing = set(schema_of(stream)["properties"]) - set(SAMPLES[stream])
    assert missing == rare.get(stream, set())


@every_stream
def test_the_sdk_writes_a_real_record_unchanged(stream: str) -> None:
    before = json.dumps(SAMPLES[stream])
    assert json.dumps(conformed(stream, SAMPLES[stream])) == before


@every_stream
def test_null_in_every_other_field_is_accepted(stream: str) -> None:
    sample, schema = SAMPLES[stream], schema_of(stream)
    empty = dict.fromkeys(schema["properties"])
    assert errors(stream, empty | {name: sample[name] for name in REQUIRED[stream]}) == []


@every_stream
def test_flattening_keeps_every_field(stream: str) -> None:
    schema = schema_of(stream)
    columns = flatten_schema(schema, max_level=3)["properties"]
    roots = {column.split("__")[0] for column in columns}
    assert roots == set(schema["properties"])


@pytest.mark.parametrize(
    ("stream", "fields"),
    [
        ("tickets", {"assignee_team": {"id": 12, "decoration": {"emoji": {"native": "*"}}}}),
        ("tickets", {"tags": [{"id": 301, "name": "shipping", "decoration": None}]}),
        ("tickets", {"customer": {"id": 7001, "loyalty": {"tier": [1, "two"]}}}),
        ("tickets", {"updated_datetime": "2026-02-01T10:05:01+00:00"}),
        ("teams", {"decoration": {"emoji": {"native": "*"}}}),
        ("messages", {"source": {"type": "phone"}}),
        ("messages", {"actions": [{"name": "http", "arguments": {"urls": ["a", 1]}}]}),
        ("messages", {"attachments": [{"name": "a.png", "size": 20481, "extra": None}]}),
        ("messages", {"replied_to": {"message_id": "m-1", "body_text": "Hello"}}),
        ("messages", {"last_sending_error": {"error": {"codes": [550]}}}),
        ("tickets", {"summary": {"content": "Late parcel", "triggered_by": 6001}}),
        ("events", {"data": {"tags_added": [301, 302]}}),
        ("customers", {"data": '{"plan":["pro",1]}'}),
        ("voice_calls", {"summaries": [{"id": 1, "summary": "Late parcel", "tone": "calm"}]}),
        ("voice_calls", {"transcriptions": '[{"text":"Hello"}]'}),
        ("voice_call_recordings", {"error_code": 13224}),
        ("integrations", {"application_id": "6a00f0c0", "http": {"form": ["a", {"b": 1}]}}),
        ("custom_fields", {"object_type": "Customer", "requirement_type": "visible"}),
    ],
)
def test_the_odd_shapes_of_the_api_arrive_whole(stream: str, fields: dict[str, Any]) -> None:
    odd = SAMPLES[stream] | fields
    assert errors(stream, odd) == []
    assert conformed(stream, odd) == odd


def test_a_field_of_the_wrong_type_is_refused() -> None:
    assert errors("tickets", SAMPLES["tickets"] | {"messages_count": "two"}) != []


def test_fields_for_any_json_are_declared_as_text() -> None:
    declared = {
        (stream, field): schema_of(stream)["properties"][field]["type"]
        for stream, fields in schemas.JSON_TEXT.items()
        for field in fields
    }
    assert declared
    assert all(kind == ["string", "null"] for kind in declared.values())
