/** Dollars to the cent: sums of floats come as 29.990000000000002. */
export function dollars(price: number | null | undefined): number | null {
  return price === null || price === undefined ? null : Math.round(price * 100) / 100;
}

/** A sale is one only below the price: 0 stands for none, and what is left of an old one equals the price. */
export function specialPrice(special: number | null | undefined, price: number | null): number | null {
  const sale = dollars(special);
  return sale !== null && price !== null && sale > 0 && sale < price ? sale : null;
}
