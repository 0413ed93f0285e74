package live

// Split is a part of an event's life, for the "eventlog" component.
type Split struct {
	Field  string // of the event, in ms
	Label  string
	Colour string // its meaning
}

func split(field, label, meaning string) Split { return Split{field, label, meaning} }
