"""How the checks of this folder stand before moto's own handling of a call."""

from moto.ec2.exceptions import EC2ClientError


def refuse(code, message):
    raise EC2ClientError(code, message)


def check_first(responses, action, check):
    """Calls check(backend, parameter, responses) before the action; only calls from outside come by, not moto's own."""
    handle = getattr(responses, action)

    def checked(self):
        check(self.ec2_backend, self._get_param)
        return handle(self)

    checked.__name__ = action
    setattr(responses, action, checked)
