package userman

// shared is what copies of a service have in common: the work in the
// background, and what is kept of the groups.
type shared struct {
	background *background
	// avatarSlot holds one token while a picture is drawn.
	avatarSlot chan struct{}
	resolvers  resolverCache
	syncLocks  syncLocks
}

func newShared() *shared {
	return &shared{background: newBackground(), avatarSlot: make(chan struct{}, 1)}
}
