"""My profile: a professional shapes what others see of them, and sees it beside."""
