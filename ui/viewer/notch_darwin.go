package viewer

// notch is how far Fyne scrolls for one step of a wheel. Touch pads scroll by fractions of it.
const notch = 10
