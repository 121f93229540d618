"""The pages people open in WeChat or a browser: what each shows, how it looks, and where it is served."""
