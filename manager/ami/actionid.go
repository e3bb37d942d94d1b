package ami

import (
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"strings"
	"sync/atomic"
)

// actionIDs generates the ActionIDs of one client. They begin with random
// digits, so that no other account can guess one and forge an answer in a user
// event. ActionIDs of lists have a prefix, which identifies late entries of an
// abandoned list. They must be short: Asterisk formats some into 150 bytes
// (action_coresettings in main/manager.c).
type actionIDs struct {
	prefix string
	count  atomic.Uint64
}

func newActionIDs() *actionIDs {
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails
	return &actionIDs{prefix: hex.EncodeToString(random[:]) + "-"}
}

func (g *actionIDs) next() string { return g.prefix + strconv.FormatUint(g.count.Add(1), 36) }

// listPrefix is in upper case, so it cannot start a number.
const listPrefix = "L"

func (g *actionIDs) nextList() string {
	return g.prefix + listPrefix + strconv.FormatUint(g.count.Add(1), 36)
}

// isList reports whether nextList returned id.
func (g *actionIDs) isList(id string) bool { return strings.HasPrefix(id, g.prefix+listPrefix) }
