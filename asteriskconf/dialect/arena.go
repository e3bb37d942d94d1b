package dialect

import "strings"

// arena allocates the small pieces of a tree from large blocks, which is much
// faster than one allocation each.
type arena struct {
	// keys holds one copy of each key. Keys repeat in every section.
	keys       map[string]string
	texts      strings.Builder
	categories []category
	lines      []Line
	positions  []Position
}

const (
	// maxInternedKeys limits the map for files in which no key repeats.
	maxInternedKeys = 4096
	// arenaTextSize is the size of a block of text. arenaItems is the number of
	// items in any other block.
	arenaTextSize = 64 << 10
	arenaItems    = 1024
	// initialLineCap is the initial line capacity of a section.
	initialLineCap = 8
)

// internKey returns a copy of a key.
func (s *arena) internKey(key []byte) string {
	if known, ok := s.keys[string(key)]; ok {
		return known
	}
	text := s.copyText(key)
	if len(s.keys) < maxInternedKeys {
		s.keys[text] = text
	}
	return text
}

// copyText returns a copy of a text.
func (s *arena) copyText(text []byte) string {
	if s.texts.Cap()-s.texts.Len() < len(text) {
		s.texts = strings.Builder{}
		s.texts.Grow(max(arenaTextSize, len(text)))
	}
	start := s.texts.Len()
	s.texts.Write(text)
	return s.texts.String()[start:]
}

// newCategory returns an empty section.
func (s *arena) newCategory() *category {
	if len(s.categories) == 0 {
		s.categories = make([]category, arenaItems/initialLineCap)
	}
	if len(s.lines) == 0 {
		s.lines = make([]Line, arenaItems)
		s.positions = make([]Position, arenaItems)
	}
	c := &s.categories[0]
	s.categories = s.categories[1:]
	c.lines, s.lines = s.lines[:0:initialLineCap], s.lines[initialLineCap:]
	c.positions, s.positions = s.positions[:0:initialLineCap], s.positions[initialLineCap:]
	return c
}
