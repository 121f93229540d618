"""WeCom (企业微信): callbacks in, API calls out. Platform words stop at `wire`."""
