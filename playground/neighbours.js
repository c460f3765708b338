// How well classes are apart on the plane: each code asks its nearest neighbours.

const NEIGHBOURS = 5;

// The class that most of a point's nearest codes have; of a tie, that of the nearer ones.
export function classOf(x, y, codes, labels) {
  const near = []; // the nearest so far, nearest first
  for (let k = 0; k < labels.length; k++) {
    const away = (codes[2 * k] - x) ** 2 + (codes[2 * k + 1] - y) ** 2;
    if (near.length === NEIGHBOURS && away >= near[NEIGHBOURS - 1].away) continue;
    let place = near.length;
    while (place > 0 && near[place - 1].away > away) place--;
    near.splice(place, 0, { away, label: labels[k] });
    if (near.length > NEIGHBOURS) near.pop();
  }
  const votes = new Map();
  for (const { label } of near) votes.set(label, (votes.get(label) ?? 0) + 1);
  return [...votes].reduce((best, vote) => (vote[1] > best[1] ? vote : best))[0];
}

// The share of test codes whose neighbours among the training codes have their class.
export function accuracy(test, train) {
  const right = test.labels.filter(
    (label, k) => classOf(test.codes[2 * k], test.codes[2 * k + 1], train.codes, train.labels) === label,
  );
  return right.length / test.labels.length;
}
