"""Who is who from frame to frame: tracks, crossings, cuts between pieces of one person."""
