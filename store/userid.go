package store

// UserID is the ID of a user: 24 lowercase letters and digits. It never changes and
// is never reused, unlike a username. It has a type of its own so that a username
// cannot take its place.
type UserID string
