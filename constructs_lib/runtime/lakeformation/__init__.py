"""Lambda handlers that keep Lake Formation's settings, grants and LF-Tags as declared. Nothing but boto3 and the standard library."""
