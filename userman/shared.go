package userman

// shared is what copies of a service have in common: the work in the
// background, and what is kept of the groups.
type shared struct {
	background *background
	// drawing holds one token while a picture is drawn.
	drawing  chan struct{}
	policies policyCache
	syncs    syncs
}

func newShared() *shared {
	return &shared{background: newBackground(), drawing: make(chan struct{}, 1)}
}
