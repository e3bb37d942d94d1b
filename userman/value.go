package userman

import (
	"cmp"
	"slices"
	"strings"
)

// MaxItems bounds the list of a [Value].
const MaxItems = 500

// Value is what somebody says about one permission. Make it with [On], [Off],
// [Set] or [Append]. The zero Value is Off. A Value never changes.
type Value struct {
	mode mode
	// items are as they were given, so that a refusal can tell a position;
	// they are kept in canonical form, see [Permissions].normalised.
	items []string
}

type mode uint8

const (
	modeOff mode = iota
	modeOn
	modeSet
	modeAppend
)

// On is the value of a Switch that permits.
func On() Value { return Value{mode: modeOn} }

// Off is the value of a Switch that does not.
func Off() Value { return Value{} }

// Set is the value of a list that holds just these items.
func Set(items ...string) Value { return Value{mode: modeSet, items: slices.Clone(items)} }

// Append is the value of a list that adds items to what whoever comes next
// says. Without items it says nothing.
func Append(items ...string) Value { return Value{mode: modeAppend, items: slices.Clone(items)} }

// IsList reports whether v is of a list.
func (v Value) IsList() bool { return v.mode == modeSet || v.mode == modeAppend }

// IsOn reports whether v is On.
func (v Value) IsOn() bool { return v.mode == modeOn }

// IsAppend reports whether v was made with [Append].
func (v Value) IsAppend() bool { return v.mode == modeAppend }

// Items returns the items of a list: the words first, then sorted, each once.
func (v Value) Items() []string { return append([]string{}, canonicalItems(v.items)...) }

// Equal reports whether v and other say the same.
func (v Value) Equal(other Value) bool {
	return v.mode == other.mode && slices.Equal(canonicalItems(v.items), canonicalItems(other.items))
}

// canonical returns v with its items as [Value.Items] has them.
func (v Value) canonical() Value {
	v.items = canonicalItems(v.items)
	return v
}

// canonicalItems returns items as [Value.Items] does; items itself when they are in
// that form already.
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

// compareItems orders the items of a list: words go first.
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
