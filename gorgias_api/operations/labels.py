"""What tickets and customers are sorted by: tags and custom fields."""

from __future__ import annotations

from dataclasses import replace

from gorgias_api.operations.base import Operation
from gorgias_api.operations.fields import Field
from gorgias_api.operations.shared import DEACTIVATED, EXTERNAL_ID, IDS, PAGING, order_by

READ_TAGS, WRITE_TAGS = "tags:read", "tags:write"
READ_FIELDS, WRITE_FIELDS = "custom_fields:read", "custom_fields:write"

TAG_NAME = Field("name", "string", longest=256, help="Upper and lower case differ.")
TAG = (
    Field("description", "string", null=True, longest=1024),
    Field(
        "decoration",
        "object",
        null=True,
        fields=(Field("color", "string", help="Such as #1f45c2."),),
    ),
)
OBJECT_TYPE = Field("object_type", "string", one_of=("Ticket", "Customer"))
LABEL = Field("label", "string", longest=255)
DEFINITION = Field(
    "definition",
    "object",
    fields=(
        Field("data_type", "string", required=True, one_of=("text", "number", "boolean")),
        Field(
            "input_settings",
            "object",
            required=True,
            fields=(
                Field(
                    "input_type",
                    "string",
                    required=True,
                    one_of=("input", "dropdown", "input_number"),
                ),
                Field("placeholder", "string", null=True),
                Field("choices", "array", items="scalar", help="Nested with ::"),
                Field("default", "scalar", null=True),
                Field("min", "number", null=True),
                Field("max", "number", null=True),
            ),
        ),
    ),
)
FURTHER = (
    Field("description", "string", null=True, longest=1024),
    EXTERNAL_ID,
    Field("priority", "integer", null=True, least=0, most=5000, help="The highest comes first."),
    Field("required", "boolean"),
    Field("managed_type", "string", null=True, help="contact_reason, product, resolution, ..."),
    replace(DEACTIVATED, help="Archives the field; null brings it back."),
)
CUSTOM_FIELD = (OBJECT_TYPE, LABEL, DEFINITION, *FURTHER)

OPERATIONS = (
    Operation(
        "list-tags",
        "GET",
        "/api/tags",
        "List tags.",
        query=(
            *PAGING,
            order_by("created_datetime", "name", "usage:asc,name:asc", "usage:desc,name:desc"),
            Field("search", "string", help="Part of the name."),
        ),
        paged=True,
        scope=READ_TAGS,
    ),
    Operation(
        "create-tag",
        "POST",
        "/api/tags",
        "Create a tag.",
        body=(replace(TAG_NAME, required=True), *TAG),
        shape="object",
        repeatable=False,
        scope=WRITE_TAGS,
    ),
    Operation(
        "delete-tags",
        "DELETE",
        "/api/tags",
        "Delete several tags.",
        body=(IDS,),
        shape="object",
        scope=WRITE_TAGS,
    ),
    Operation("get-tag", "GET", "/api/tags/{id}", "Get a tag.", scope=READ_TAGS),
    Operation(
        "update-tag",
        "PUT",
        "/api/tags/{id}",
        "Change some fields of a tag.",
        body=(TAG_NAME, *TAG),
        shape="object",
        scope=WRITE_TAGS,
    ),
    Operation("delete-tag", "DELETE", "/api/tags/{id}", "Delete a tag.", scope=WRITE_TAGS),
    Operation(
        "merge-tags",
        "PUT",
        "/api/tags/{destination_tag_id}/merge",
        "Merge tags into one, which stays.",
        body=(replace(IDS, name="source_tags_ids", help="The tags that vanish."),),
        shape="object",
        scope=WRITE_TAGS,
    ),
    Operation(
        "list-custom-fields",
        "GET",
        "/api/custom-fields",
        "List the custom fields of tickets or of customers.",
        query=(
            replace(OBJECT_TYPE, required=True),
            *PAGING,
            order_by("priority"),
            Field("search", "string", help="Part of the label."),
            Field("archived", "boolean"),
        ),
        paged=True,
        scope=READ_FIELDS,
    ),
    Operation(
        "create-custom-field",
        "POST",
        "/api/custom-fields",
        "Create a custom field.",
        body=(
            replace(OBJECT_TYPE, required=True),
            replace(LABEL, required=True),
            replace(DEFINITION, required=True),
            *FURTHER,
        ),
        shape="object",
        repeatable=False,
        scope=WRITE_FIELDS,
    ),
    Operation(
        "update-custom-fields",
        "PUT",
        "/api/custom-fields",
        "Change some fields of several custom fields.",
        body=(
            Field(
                "custom_fields",
                "array",
                required=True,
                fields=(Field("id", "integer", required=True, least=1), *CUSTOM_FIELD),
            ),
        ),
        shape="list",
        scope=WRITE_FIELDS,
    ),
    Operation(
        "get-custom-field",
        "GET",
        "/api/custom-fields/{id}",
        "Get a custom field.",
        scope=READ_FIELDS,
    ),
    Operation(
        "update-custom-field",
        "PUT",
        "/api/custom-fields/{id}",
        "Change some fields of a custom field.",
        body=CUSTOM_FIELD,
        shape="object",
        scope=WRITE_FIELDS,
    ),
)
