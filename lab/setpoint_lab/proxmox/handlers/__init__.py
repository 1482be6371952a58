"""The API's handlers, one file per noun; `app` imports them all."""
