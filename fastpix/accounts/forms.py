"""Forms of signing in and of one's own account. Autocomplete names are what password managers look for."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, EmailField, HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from fastpix.web.forms import Form, OnceForm

_NEW = {"autocomplete": "new-password", "minlength": "10"}
_HINT = "At least 10 characters. A few words in a row are easy to remember."

_CODE = {"autocomplete": "one-time-code", "spellcheck": "false", "autocapitalize": "none", "maxlength": "40"}


def _email(label: str = "E-mail address", autocomplete: str = "username") -> EmailField:
    return EmailField(
        label,
        validators=[DataRequired("Give your mail address."), Length(max=254)],
        render_kw={"autocomplete": autocomplete, "spellcheck": "false", "autocapitalize": "none"},
    )


class _WithPasskey(Form):
    """A form that an answer of a passkey may send in place of its fields. Scripts fill it in."""

    passkey = HiddenField()

    def validate(self, extra_validators: Any = None) -> bool:
        return bool(self.passkey.data) or bool(super().validate(extra_validators))


class SignInForm(_WithPasskey):
    while_viewing = True
    email = _email(autocomplete="username webauthn")
    password = PasswordField(
        "Password", validators=[InputRequired("Give your password.")], render_kw={"autocomplete": "current-password"}
    )
    remember = BooleanField("Keep me signed in")
    next = HiddenField()


class SetUpForm(Form):
    token = StringField(
        "Set-up token",
        validators=[DataRequired("Give the set-up token.")],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    organization = StringField(
        "Organization",
        validators=[DataRequired("Give the organization a name."), Length(max=80)],
        render_kw={"autocomplete": "organization"},
    )
    name = StringField(
        "Your name", validators=[DataRequired("Give your name."), Length(max=120)], render_kw={"autocomplete": "name"}
    )
    email = _email()
    password = PasswordField(
        "Password", validators=[InputRequired("Choose a password.")], render_kw=_NEW, description=_HINT
    )


class JoinForm(Form):
    name = StringField(
        "Your name", validators=[DataRequired("Give your name."), Length(max=120)], render_kw={"autocomplete": "name"}
    )
    password = PasswordField(
        "Password", validators=[InputRequired("Choose a password.")], render_kw=_NEW, description=_HINT
    )


class NewPasswordForm(Form):
    password = PasswordField(
        "New password", validators=[InputRequired("Choose a password.")], render_kw=_NEW, description=_HINT
    )


class ForgotForm(Form):
    email = _email()


class NameForm(Form):
    name = StringField(
        "Name", validators=[DataRequired("Give your name."), Length(max=120)], render_kw={"autocomplete": "name"}
    )


class EmailForm(Form):
    email = _email("New e-mail address", "email")


class PasswordForm(Form):
    current = PasswordField(
        "Current password",
        validators=[InputRequired("Give your current password.")],
        render_kw={"autocomplete": "current-password"},
    )
    new = PasswordField(
        "New password", validators=[InputRequired("Choose a password.")], render_kw=_NEW, description=_HINT
    )


class ConfirmForm(Form):
    """The names begin with `fresh_`, so that they meet no field of the form that is kept beside them."""

    fresh_code = StringField("Code of your app or a recovery code, or your password below", render_kw=_CODE)
    fresh_passkey = HiddenField()
    fresh_password = PasswordField("Your password", render_kw={"autocomplete": "current-password"})


class CodeForm(Form):
    code = StringField("Code", validators=[InputRequired("Give the code.")], render_kw=_CODE)


class SignInCodeForm(_WithPasskey, CodeForm):
    """After the password: a code, or a passkey in place of it."""


class PasskeyForm(Form):
    name = StringField(
        "Name of the new passkey",
        validators=[InputRequired("Give it a name, such as that of the device."), Length(max=60)],
        render_kw={"autocomplete": "off", "maxlength": "60"},
    )
    passkey = HiddenField()


class DeleteForm(Form):
    password = PasswordField(
        "Your password",
        validators=[InputRequired("Give your password.")],
        render_kw={"autocomplete": "current-password"},
    )


class OrganizationForm(OnceForm):
    name = StringField(
        "Name",
        validators=[DataRequired("Give the organization a name."), Length(max=80)],
        render_kw={"autocomplete": "organization"},
    )
