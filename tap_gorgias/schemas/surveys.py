"""Satisfaction surveys (API page `list-satisfaction-surveys`)."""

from __future__ import annotations

from tap_gorgias.schemas.fragments import free, integer, schema, text, when

SATISFACTION_SURVEYS = schema(
    integer("id", "Id of the survey.", key=True),
    integer("ticket_id", "Id of the ticket it asks about; surveys outlive their ticket."),
    integer("customer_id", "Id of the customer asked; surveys outlive their customer."),
    integer("score", "Stars given, 1 to 5; null until the customer answers."),
    text("body_text", "Comment of the customer, up to 1000 characters; null when there is none."),
    when("created_datetime", "When the survey was created.", key=True),
    when("should_send_datetime", "When it is due to be sent; null if Gorgias will not send it."),
    when("sent_datetime", "When it was sent; null until then."),
    when("scored_datetime", "When the customer answered; null until then."),
    free("meta", "Further data; null when there is none."),
    text("uri", "API path of the survey."),
)
