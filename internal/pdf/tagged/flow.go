package tagged

// A Flow places blocks one below the other and goes on to a new page when one
// is full. Lengths are in points.
type Flow struct {
	Doc                      *Document
	PageWidth, PageHeight    float64 // 0 means A4
	Left, Top, Right, Bottom float64 // margins
	OnPage                   func(p *Page)
	page                     *Page
	y                        float64
}

// size fills in the A4 defaults.
func (f *Flow) size() (width, height float64) {
	width, height = f.PageWidth, f.PageHeight
	if width == 0 {
		width = A4Width
	}
	if height == 0 {
		height = A4Height
	}
	return width, height
}

// Width returns the width between the margins.
func (f *Flow) Width() float64 {
	width, _ := f.size()
	return width - f.Left - f.Right
}

// Page returns the current page, beginning the first if there is none.
func (f *Flow) Page() *Page {
	if f.page == nil {
		f.Break()
	}
	return f.page
}

// Break begins a new page. OnPage, if not nil, draws what each page repeats.
func (f *Flow) Break() {
	width, height := f.size()
	f.page = f.Doc.AddPage(width, height)
	f.y = f.Top
	if f.OnPage != nil {
		f.OnPage(f.page)
	}
}

// Y returns the current position from the top of the page.
func (f *Flow) Y() float64 {
	f.Page()
	return f.y
}

// Space moves down; at the top of a page after the first it does nothing more
// than that.
func (f *Flow) Space(height float64) { f.y = f.Y() + height }

// Need begins a new page unless height points are left on this one.
func (f *Flow) Need(height float64) {
	if f.Y()+height > f.bottom() && f.y > f.Top {
		f.Break()
	}
}

func (f *Flow) bottom() float64 {
	_, height := f.size()
	return height - f.Bottom + 0.001
}

// Block places b as content of e, over as many pages as it takes. It never
// leaves the first or the last line of a longer block alone on a page.
func (f *Flow) Block(e *Element, b *Block) {
	if f.Doc.err != nil || len(b.lines) == 0 {
		return
	}
	if f.bottom()-f.Top < b.Leading {
		f.Doc.fail(errorf("a page leaves no room for a line of %v points", b.Leading))
		return
	}
	for from := 0; from < len(b.lines); {
		left := len(b.lines) - from
		fit := max(int((f.bottom()-f.Y())/b.Leading), 0)
		switch {
		case fit >= left:
			fit = left
		case left-fit == 1 && fit > 2:
			fit--
		}
		if fit == 0 || (fit == 1 && left > 1 && f.y > f.Top) {
			f.Break()
			continue
		}
		f.y = f.page.Place(e, f.Left, f.y, b.Slice(from, from+fit))
		from += fit
	}
}
