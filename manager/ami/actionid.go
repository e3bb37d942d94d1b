package ami

import (
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"strings"
	"sync/atomic"
)

// actionIDs makes the ActionIDs of one client. They begin with random digits, so
// that no other account can guess one and forge an answer in a user event,
// and those of lists are marked, so that what still comes of an abandoned
// list is known for what it is. Asterisk needs them to be short: it formats
// some into 150 bytes (action_coresettings in main/manager.c).
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

// listPrefix cannot begin a number in lower case.
const listPrefix = "L"

func (g *actionIDs) nextList() string {
	return g.prefix + listPrefix + strconv.FormatUint(g.count.Add(1), 36)
}

// isList reports whether id is one that nextList returned.
func (g *actionIDs) isList(id string) bool { return strings.HasPrefix(id, g.prefix+listPrefix) }
