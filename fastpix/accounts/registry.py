"""What the application registers of accounts: blueprints, and the public endpoints with their reasons."""

from __future__ import annotations

from fastpix.accounts import (
    account_views,
    joining_views,
    member_sessions_api,
    member_sessions_views,
    second_factor_views,
    view_as_views,
    views,
)

BLUEPRINTS = [
    pages.blueprint
    for pages in (
        views.pages,
        joining_views.pages,
        account_views.pages,
        account_views.outside,
        second_factor_views.pages,
        view_as_views.pages,
        view_as_views.outside,
        member_sessions_views.pages,
        member_sessions_api.api,
    )
]

PUBLIC = {
    "accounts.home": "sends a visitor to where they belong",
    "accounts.set_up": "before anybody exists; the set-up token is the proof",
    "accounts.sign_in": "where one proves who one is",
    "accounts.sign_in_code": "the second half of signing in; a right password a moment ago is the way in",
    "accounts.arrived": "tells a browser that lost its cookie so",
    "accounts.forgot": "for those who cannot sign in",
    "accounts.reset_link": "the mailed link is the proof",
    "accounts.reset": "the mailed link is the proof",
    "accounts.well_known_change_password": "tells password managers where to go",
    "accounts_more.email_link": "the mailed link is the proof",
    "accounts_more.confirm_email": "the mailed link is the proof",
    "invite.link": "the invite's link is the proof",
    "invite.look": "the invite's link is the proof",
    "invite.join": "the invite's link is the proof, and the person is new",
    "invite.prove": "the mailed invite is the proof",
}
