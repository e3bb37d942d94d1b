package api

import (
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/idempotency"
)

// Headers of requests.
const (
	ifMatchHeader     = "If-Match"
	ifNoneMatchHeader = "If-None-Match"
	idempotencyHeader = idempotency.Header
)

// queryParam describes a query parameter of that type.
func queryParam(name, kind, doc string) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: doc, Schema: &huma.Schema{Type: kind}}
}

// enumParam describes a parameter with a fixed set of values.
func enumParam(name, doc string, values ...string) *huma.Param {
	p := queryParam(name, huma.TypeString, doc)
	p.Schema.Enum = toAny(values)
	return p
}

func headerParam(name, doc string) *huma.Param {
	return &huma.Param{Name: name, In: "header", Description: doc, Schema: &huma.Schema{Type: huma.TypeString}}
}

// addPathParam describes a parameter in the path, unless params does so already.
func addPathParam(params []*huma.Param, name string) []*huma.Param {
	if slices.ContainsFunc(params, func(p *huma.Param) bool { return p.Name == name && p.In == "path" }) {
		return params
	}
	doc := map[string]string{"username": "The username. Case does not matter.", "name": "The name.", "id": "The ID."}[name]
	return append(params, pathParam(name, doc))
}

func pathParam(name, doc string, values ...string) *huma.Param {
	return &huma.Param{Name: name, In: "path", Required: true, Description: doc, Schema: &huma.Schema{Type: huma.TypeString, Enum: toAny(values)}}
}

func pagingParams() []*huma.Param {
	return []*huma.Param{queryParam("after", huma.TypeString, "The next value of the previous page."), limitParam("The maximum number of items; 50 by default.")}
}

func limitParam(doc string) *huma.Param {
	p := queryParam("limit", huma.TypeInteger, doc)
	least, most := 1.0, float64(store.MaxPageLimit)
	p.Schema.Minimum, p.Schema.Maximum = &least, &most
	return p
}

func ifMatchParam() *huma.Param {
	return headerParam(ifMatchHeader, "The ETag of the record that the change is based on. A record with another ETag is not changed (412). Without this header the change is unconditional.")
}

func ifNoneMatchParam() *huma.Param {
	return headerParam(ifNoneMatchHeader, "The ETag of the record that the client already has. An unchanged record is not sent again (304).")
}

func idempotencyParam() *huma.Param {
	p := headerParam(idempotencyHeader, "A unique text of the client's choice for each record to be created. Within 24 hours the same request with the same key gets the same response and creates nothing. What is shown only once is in it for one minute, for the same session.")
	most := 255
	p.Schema.MaxLength = &most
	return p
}

func toAny(values []string) []any {
	var list []any
	for _, value := range values {
		list = append(list, value)
	}
	return list
}
