"""One sign-in per role for the demo; they exist in demo databases only."""

from dataclasses import dataclass

from core.models import Role


@dataclass(frozen=True)
class DemoSignIn:
    role: Role
    username: str
    password: str
    name: str


SIGN_INS = (
    DemoSignIn(Role.RECEPTIONIST, "rita", "rita-at-the-desk", "Rita Fonseca"),
    DemoSignIn(Role.PROFESSIONAL, "ruiz", "ruiz-sees-patients", "Dr Elena Ruiz"),
    DemoSignIn(Role.PATIENT, "ana", "ana-keeps-her-times", "Ana Silva"),
    DemoSignIn(Role.ADMIN, "alex", "alex-reads-the-numbers", "Alex Moreau"),
)
