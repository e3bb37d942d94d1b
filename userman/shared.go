package userman

import "github.com/pbxusers/pbxusers/internal/avatar"

// shared is what copies of a service have in common: the work in the
// background, and the groups that were read.
type shared struct {
	background *background
	avatars    *avatar.Renderer
	groups     groupCache
	syncLocks  syncLocks
}

func newShared() *shared {
	return &shared{background: newBackground(), avatars: avatar.NewRenderer()}
}
