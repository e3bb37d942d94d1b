package store

import (
	"slices"
	"strings"
)

// Order says how a list is sorted: by a field, named as in JSON, and then by
// key. The zero Order is that of the keys.
type Order struct {
	// By is the field; empty means the key.
	By string
	// Descending turns the order around.
	Descending bool
}

// ParseOrder reads "field" or, for descending order, "-field". A field that is
// not among fields is an [InvalidError] on "sort"; "" is the zero Order.
func ParseOrder(text string, fields []string) (Order, error) {
	by, descending := strings.CutPrefix(text, "-")
	if text != "" && !slices.Contains(fields, by) {
		return Order{}, refusedOrder(fields)
	}
	return Order{By: by, Descending: descending}, nil
}

// Check returns an [InvalidError] on "sort" when o is by a field that is not
// among fields. Whoever makes an Order without [ParseOrder] may be wrong.
func (o Order) Check(fields []string) error {
	if o.By != "" && !slices.Contains(fields, o.By) {
		return refusedOrder(fields)
	}
	return nil
}

func refusedOrder(fields []string) error {
	return Invalid(FieldError{
		Field: "sort", Code: "oneof", Message: "sort by one of " + strings.Join(fields, ", ") + ", with - in front for descending order",
	})
}

// String returns what [ParseOrder] reads.
func (o Order) String() string {
	if o.Descending {
		return "-" + o.By
	}
	return o.By
}
