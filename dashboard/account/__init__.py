"""My account: what people look after themselves."""
