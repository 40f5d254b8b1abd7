"""A script invites people with an admin's token: members see who stands behind it, never that there is a token."""


def test_an_invite_made_by_a_token_shows_its_owner_and_not_the_token(ada, mel):
    token = ada.api_with("people").get("iam/me").json["data"]["name"]
    answer = ada.api_with("people").post("iam/invitations", {"emails": ["new@example.com"], "role": "member"})
    assert answer.status_code == 201
    seen = mel.page.get("/o/acme/members/invitations/").get_data(as_text=True)
    assert "new@example.com" in seen
    listed = mel.api.get("iam/invitations").get_data(as_text=True)
    assert "new@example.com" in listed
    for text in (seen, listed):
        assert token not in text
