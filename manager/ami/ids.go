package ami

import (
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"strings"
	"sync/atomic"
)

// ids makes the ActionIDs of one client. They begin with random digits, so
// that no other account can guess one and forge an answer in a user event,
// and those of lists are marked, so that what still comes of an abandoned
// list is known for what it is. Asterisk needs them to be short: it formats
// some into 150 bytes (action_coresettings in main/manager.c).
type ids struct {
	prefix string
	count  atomic.Uint64
}

func newIDs() *ids {
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails
	return &ids{prefix: hex.EncodeToString(random[:]) + "-"}
}

func (g *ids) next() string { return g.prefix + strconv.FormatUint(g.count.Add(1), 36) }

// listMark cannot begin a number in lower case.
const listMark = "L"

func (g *ids) nextList() string {
	return g.prefix + listMark + strconv.FormatUint(g.count.Add(1), 36)
}

// isList reports whether id is one that nextList returned.
func (g *ids) isList(id string) bool { return strings.HasPrefix(id, g.prefix+listMark) }
