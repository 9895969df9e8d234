"""The live viewer: a page, a socket, and one place where computing is shared out fairly."""
