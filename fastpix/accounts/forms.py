"""Forms at the door and of one's own account. Autocomplete names are what password managers look for."""

from __future__ import annotations

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


class SignInForm(Form):
    while_viewing = True
    email = _email()
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

    fresh_code = StringField("Code of your authenticator app, or your password below", render_kw=_CODE)
    fresh_password = PasswordField("Your password", render_kw={"autocomplete": "current-password"})


class CodeForm(Form):
    code = StringField("Code", validators=[InputRequired("Give the code.")], render_kw=_CODE)


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
