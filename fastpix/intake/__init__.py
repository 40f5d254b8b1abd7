"""Where files come in: the resumable upload protocol of the published uploaders, and originals that go out again."""
