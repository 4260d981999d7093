"""One drawing of a drill: events, calls and deliveries by instance and time.

Plain data in (`drill`, which `reading` makes of what the control routes answer), SVG (`drawing`)
or a page of HTML (`page`) out. Both are built as trees of the standard library's XML package,
which escapes every text; nothing here draws what it does not need, and nothing makes a request
except `from_control`.
"""
