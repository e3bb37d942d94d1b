package permission

import (
	"cmp"
	"slices"
	"strings"
)

// MaxItems bounds the list of a [Value].
const MaxItems = 500

// Value is the value of one permission. [On], [Off], [Set] and [Append] create
// values. The zero Value is Off. A Value is immutable.
type Value struct {
	mode mode
	// items are in input order until [Value.Normalized] sorts them, so that
	// errors can name a position.
	items []string
}

type mode uint8

const (
	modeOff mode = iota
	modeOn
	modeSet
	modeAppend
)

// On returns the value of a bool permission that is granted.
func On() Value { return Value{mode: modeOn} }

// Off returns the value of a bool permission that is denied.
func Off() Value { return Value{} }

// Set returns a list that holds exactly these items.
func Set(items ...string) Value { return Value{mode: modeSet, items: slices.Clone(items)} }

// Append returns a list that adds items to the value of the next layer. Without
// items it has no effect.
func Append(items ...string) Value { return Value{mode: modeAppend, items: slices.Clone(items)} }

// IsList reports whether v is a list.
func (v Value) IsList() bool { return v.mode == modeSet || v.mode == modeAppend }

// IsOn reports whether v is On.
func (v Value) IsOn() bool { return v.mode == modeOn }

// IsAppend reports whether v was made with [Append].
func (v Value) IsAppend() bool { return v.mode == modeAppend }

// Items returns the distinct items of a list: keywords first, then sorted.
func (v Value) Items() []string { return append([]string{}, canonicalItems(v.items)...) }

// Equal reports whether v and other are the same value.
func (v Value) Equal(other Value) bool {
	return v.mode == other.mode && slices.Equal(canonicalItems(v.items), canonicalItems(other.items))
}

// canonical returns v with its items in the order of [Value.Items].
func (v Value) canonical() Value {
	v.items = canonicalItems(v.items)
	return v
}

// canonicalItems returns items in the order of [Value.Items]. It returns items
// itself if it is in that order already.
func canonicalItems(items []string) []string {
	if isCanonical(items) {
		return items
	}
	items = slices.Clone(items)
	slices.SortFunc(items, compareItems)
	return slices.Compact(items)
}

func isCanonical(items []string) bool {
	for i := 1; i < len(items); i++ {
		if compareItems(items[i-1], items[i]) >= 0 {
			return false
		}
	}
	return true
}

// compareItems orders the items of a list. Keywords go first.
func compareItems(a, b string) int {
	return cmp.Or(cmp.Compare(keywordRank(a), keywordRank(b)), strings.Compare(a, b))
}

func keywordRank(item string) int {
	switch item {
	case OwnExtension:
		return 0
	case OwnExtensions:
		return 1
	case Any:
		return 2
	}
	return 3
}
