"""The page that shows a running fake cloud, or an account, and controls it."""
