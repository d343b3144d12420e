"""Small OpenSim models, written by hand."""


def model(inside: str, version: str = "40000") -> str:
    return f'<OpenSimDocument Version="{version}"><Model name="m">{inside}</Model></OpenSimDocument>'


def joint(parent: str, child: str, name: str = "j", kind: str = "WeldJoint", more: str = "") -> str:
    sockets = (
        f"<socket_parent_frame>{parent}</socket_parent_frame><socket_child_frame>{child}</socket_child_frame>"
    )
    return f'<{kind} name="{name}">{sockets}{more}</{kind}>'


def with_joints(*joints: str, bodies: str = '<Body name="a"/>', more: str = "") -> str:
    return model(
        f"<BodySet><objects>{bodies}</objects></BodySet><JointSet><objects>{''.join(joints)}</objects></JointSet>{more}"
    )


def heavy(name: str) -> str:
    return f'<Body name="{name}"><mass>1</mass><inertia>1 1 1 0 0 0</inertia></Body>'


PIN = joint(
    "/ground", "/bodyset/a", kind="PinJoint", more='<coordinates><Coordinate name="q"/></coordinates>'
)
