"""The rules of the noticeboard, free of HTTP and SQL."""
