"""The console: a page for people who look at a drill and push it along with the mouse.

It watches a running fake cloud through its control routes, or a region of an account through
`SystemEvents`. `serving` starts it; nothing else imports NiceGUI, which is in the extra "console".
"""
