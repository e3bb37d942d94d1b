package asteriskconf

import "strings"

// slab hands out the small pieces that a tree is made of from large ones,
// which is a good deal faster than to allocate each.
type slab struct {
	// keys holds one copy of each key, because keys repeat in every section.
	keys       map[string]string
	texts      strings.Builder
	categories []category
	lines      []Line
	places     []Position
}

const (
	// maxKeys keeps a file of nothing but different keys from growing the map.
	maxKeys = 4096
	// slabText is the size of a piece for texts, slabItems of one for others.
	slabText  = 64 << 10
	slabItems = 1024
	// usualLines is how many lines a section has room for at first.
	usualLines = 8
)

// key returns a copy of a key.
func (s *slab) key(key []byte) string {
	if known, ok := s.keys[string(key)]; ok {
		return known
	}
	text := s.text(key)
	if len(s.keys) < maxKeys {
		s.keys[text] = text
	}
	return text
}

// text returns a copy of a text.
func (s *slab) text(text []byte) string {
	if s.texts.Cap()-s.texts.Len() < len(text) {
		s.texts = strings.Builder{}
		s.texts.Grow(max(slabText, len(text)))
	}
	start := s.texts.Len()
	s.texts.Write(text)
	return s.texts.String()[start:]
}

// category returns an empty section.
func (s *slab) category() *category {
	if len(s.categories) == 0 {
		s.categories = make([]category, slabItems/usualLines)
	}
	if len(s.lines) == 0 {
		s.lines = make([]Line, slabItems)
		s.places = make([]Position, slabItems)
	}
	c := &s.categories[0]
	s.categories = s.categories[1:]
	c.lines, s.lines = s.lines[:0:usualLines], s.lines[usualLines:]
	c.places, s.places = s.places[:0:usualLines], s.places[usualLines:]
	return c
}
