"""Hooks into moto's SNS: a template's subscriptions exist, and what an e-mail subscription receives goes to the mailbox."""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import formataddr
from typing import Any

import boto3
from moto.core.common_models import CloudFormationModel
from moto.sns.models import Subscription

from local_cloud.mailbox import FORM, Mailbox

_publish = Subscription.publish
_FAREWELL = """

--
If you wish to stop receiving notifications from this topic, please click or visit the link below to unsubscribe:
https://sns.{region}.amazonaws.com/unsubscribe.html?SubscriptionArn={arn}&Endpoint={endpoint}

Please do not reply directly to this email. If you have any questions or comments regarding this email, please contact us at \
https://aws.amazon.com/support
"""


def install(mailbox: Mailbox) -> None:
    """Deliver to `mailbox` what e-mail subscriptions receive. A second call replaces the first mailbox.

    On AWS a subscription delivers nothing before the receiver has confirmed it; here it counts as confirmed.
    """

    def publish(self: Any, message: str, message_id: str, **options: Any) -> None:
        if self.protocol != "email":
            _publish(self, message, message_id, **options)
            return
        if options.get("message_structure") == "json":
            message = self._parse_message_structure(message, self.protocol)
        mailbox.put(_email(self, message, message_id, options.get("subject")))

    Subscription.publish = publish


def _email(subscription: Any, text: str, message_id: str, subject: str | None) -> EmailMessage:
    """The e-mail that SNS sends: topic's display name as the sender's, subject and text as published, how to unsubscribe."""
    topic = subscription.topic
    made = EmailMessage(FORM)
    made["From"] = formataddr((topic.display_name or "AWS Notifications", "no-reply@sns.amazonaws.com"))
    made["To"] = subscription.endpoint
    made["Date"] = datetime.now(UTC)
    made["Subject"] = " ".join((subject or "AWS Notification Message").split())
    made["Message-ID"] = f"<{message_id}@sns.amazonaws.com>"
    region = topic.sns_backend.region_name
    farewell = _FAREWELL.format(region=region, arn=subscription.arn, endpoint=subscription.endpoint)
    made.set_content(text + farewell)
    return made


class StackSubscription(CloudFormationModel):  # type: ignore[misc]
    """AWS::SNS::Subscription, which moto lacks; `Ref` is the subscription's ARN."""

    def __init__(self, arn: str) -> None:
        self.physical_resource_id = arn

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SNS::Subscription"

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""  # a subscription has no name

    @classmethod
    def create_from_cloudformation_json(
        cls,
        _resource_name: str,
        cloudformation_json: Any,
        _account_id: str,
        region_name: str,
        **_: Any,
    ) -> "StackSubscription":
        given = cloudformation_json["Properties"]
        made = boto3.client("sns", region_name=region_name).subscribe(
            TopicArn=given["TopicArn"],
            Protocol=given["Protocol"],
            Endpoint=given["Endpoint"],
            ReturnSubscriptionArn=True,
        )
        return cls(made["SubscriptionArn"])

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: "StackSubscription",
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> "StackSubscription":
        arn = original_resource.physical_resource_id
        cls.delete_from_cloudformation_json(arn, cloudformation_json, account_id, region_name)
        return cls.create_from_cloudformation_json(
            new_resource_name, cloudformation_json, account_id, region_name
        )

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, _cloudformation_json: Any, _account_id: str, region_name: str
    ) -> None:
        boto3.client("sns", region_name=region_name).unsubscribe(SubscriptionArn=resource_name)
