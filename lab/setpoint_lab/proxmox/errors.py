"""What a handler or a task body raises to answer with an error; neighbours: `envelope`, which writes it, and `tasks`."""

from __future__ import annotations

from collections.abc import Mapping

PARAMETERS = "Parameter verification failed."


class ApiError(Exception):
    """An answer that is not 200; `reason` may have several lines, of which the status line carries the first.

    `errors` are the texts per parameter of a 400; `body` False leaves the body empty (401, 595, 596);
    `newline` False leaves out the line end that `message` has otherwise; `plain` answers the text alone.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        errors: Mapping[str, str] | None = None,
        *,
        body: bool = True,
        newline: bool = True,
        plain: bool = False,
    ) -> None:
        """Keep the parts of the answer."""
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.errors = errors
        self.body = body
        self.newline = newline
        self.plain = plain

    @classmethod
    def internal(cls, text: str) -> ApiError:
        """500: everything that went wrong beyond parameters and permissions."""
        return cls(500, text)

    @classmethod
    def parameters(cls, errors: Mapping[str, str]) -> ApiError:
        """400 with a text per parameter."""
        return cls(400, PARAMETERS, errors)

    @classmethod
    def forbidden(cls, detail: str | None = None) -> ApiError:
        """403; `detail` is what stands in the brackets, for example `/vms/100, VM.Audit`."""
        return cls(403, "Permission check failed" + (f" ({detail})" if detail else ""))

    @classmethod
    def unauthorized(cls, reason: str) -> ApiError:
        """401 with an empty body."""
        return cls(401, reason, body=False)

    @classmethod
    def not_implemented(cls, method: str, path: str) -> ApiError:
        """501: no such path or no such method on it."""
        return cls(501, f"Method '{method} {path}' not implemented", newline=False)


class TaskError(Exception):
    """Ends a task; its text is the exitstatus."""
