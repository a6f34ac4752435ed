"""Certificates, policies, keys and secrets that can't go, or only later.

https://docs.aws.amazon.com/acm/latest/APIReference/API_DeleteCertificate.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html
https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
"""

from moto.acm.models import AWSCertificateManagerBackend, CertBundle
from moto.core.exceptions import AWSError, JsonRESTError
from moto.elbv2.models import elbv2_backends
from moto.iam.exceptions import DeleteConflictException
from moto.iam.models import IAMBackend
from moto.kms.exceptions import ValidationException
from moto.kms.models import KmsBackend
from moto.kms.responses import KmsResponse
from moto.secretsmanager.exceptions import InvalidRequestException
from moto.secretsmanager.models import SecretsManagerBackend

from .load_balancers import still_used

delete_certificate = AWSCertificateManagerBackend.delete_certificate
describe_certificate = CertBundle.describe
delete_policy = IAMBackend.delete_policy
create_secret = SecretsManagerBackend.create_secret
schedule_key_deletion = KmsBackend.schedule_key_deletion

# All that a key does not do while it waits for its deletion, of what moto knows.
UNUSABLE_WHILE_PENDING = (
    "create_alias",
    "create_grant",
    "decrypt",
    "disable_key",
    "disable_key_rotation",
    "enable_key",
    "enable_key_rotation",
    "encrypt",
    "generate_data_key",
    "generate_data_key_without_plaintext",
    "generate_mac",
    "schedule_key_deletion",
    "sign",
    "tag_resource",
    "untag_resource",
    "update_alias",
    "update_key_description",
    "verify",
    "verify_mac",
)


class CertificateInUse(AWSError):
    TYPE = "ResourceInUseException"


class KeyStateError(JsonRESTError):
    code = 400


def apply():
    AWSCertificateManagerBackend.delete_certificate = delete_free_certificate
    CertBundle.describe = describe_with_present_use
    IAMBackend.delete_policy = delete_detached_policy
    SecretsManagerBackend.create_secret = create_secret_under_free_name
    KmsBackend.schedule_key_deletion = schedule_key_deletion_in_time
    for action in UNUSABLE_WHILE_PENDING:
        refuse_while_pending(action)


def users_of(certificate_arn):
    """Load balancers, of the certificate's account and region."""
    _arn, _partition, _acm, region, account, *_ = certificate_arn.split(":")
    backend = elbv2_backends[account][region]
    return backend, [
        balancer.arn
        for balancer in backend.load_balancers.values()
        if any(certificate_arn in listener.certificates for listener in balancer.listeners.values())
    ]


def delete_free_certificate(self, arn):
    if arn in self._certificates:
        balancing, users = users_of(arn)
        if users or still_used(balancing, arn):
            raise CertificateInUse(f"Certificate {arn} in account {self.account_id} is in use.")
    delete_certificate(self, arn)


def describe_with_present_use(self):
    """moto never forgets who used a certificate."""
    self.in_use_by = users_of(self.arn)[1]
    return describe_certificate(self)


def delete_detached_policy(self, policy_arn):
    policy = self.get_policy(policy_arn)
    if policy.attachment_count > 0:
        raise DeleteConflictException("Cannot delete a policy attached to entities.")
    if len(policy.versions) > 1:
        raise DeleteConflictException(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
            "The default version is deleted with the policy."
        )
    delete_policy(self, policy_arn)


def create_secret_under_free_name(self, name, *args, **kwargs):
    known = self.secrets.get(name)
    if known is not None and known.is_deleted():
        raise InvalidRequestException(
            "You can't create this secret because a secret with this name is already scheduled for deletion."
        )
    return create_secret(self, name, *args, **kwargs)


def schedule_key_deletion_in_time(self, key_id, pending_window_in_days):
    if not 7 <= pending_window_in_days <= 30:
        raise ValidationException(
            f"1 validation error detected: Value '{pending_window_in_days}' at 'pendingWindowInDays' failed to satisfy "
            "constraint: Member must have value between 7 and 30"
        )
    return schedule_key_deletion(self, self.get_key_id(key_id), pending_window_in_days)


def find_key(backend, named):
    if "alias/" in named:
        return backend.keys.get(backend.get_key_id_from_alias(backend.get_alias_name(named)))
    return backend.keys.get(backend.get_key_id(named))


def refuse_while_pending(action):
    handle = getattr(KmsResponse, action)

    def checked(self):
        key = find_key(self.kms_backend, self._get_param("TargetKeyId") or self._get_param("KeyId") or "")
        if key is not None and key.key_state == "PendingDeletion":
            raise KeyStateError("KMSInvalidStateException", f"{key.arn} is pending deletion.")
        return handle(self)

    checked.__name__ = action
    setattr(KmsResponse, action, checked)
