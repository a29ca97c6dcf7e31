// The shop itself: a basket that lasts as long as the page. Nothing here needs consent, and nothing is stored.
const basket = document.getElementById('basket');
document.querySelector('.buy')?.addEventListener('click', () => {
  basket.textContent = 1 + Number(basket.textContent);
});
